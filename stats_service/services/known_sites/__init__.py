"""The site cache of a worker: sites as readers' requests need them, cached for seconds."""

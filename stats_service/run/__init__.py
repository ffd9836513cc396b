"""What starts and watches the processes of the service."""

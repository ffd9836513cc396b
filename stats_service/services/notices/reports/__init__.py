"""Reports by e-mail: the numbers of a week or a month, in two languages, with a chart."""

"""The stacks of the portal on AWS, by what they hold."""

"""Everything that makes the portal run on AWS: its stacks, and the bundle of its functions."""

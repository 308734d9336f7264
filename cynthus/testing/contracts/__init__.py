"""What a fake and the real part must both do: each class is inherited by the tests of either."""

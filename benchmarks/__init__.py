"""What must hold about speed and size, each as a program: `python -m benchmarks.first_up`, and so on.

They print figures, the ratio to the peer that was measured in the same run, and the limit. They are run by hand, on a
machine that does nothing else, and end with exit code 0: a loaded machine is no defect.
"""

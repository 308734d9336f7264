"""What lives on a host: one standard-library program that brings an app to a run and watches it.

It is shipped as a zipapp (`zipapp.build`) and runs on Python 3.10 and later. Each verb prints one JSON object.
"""

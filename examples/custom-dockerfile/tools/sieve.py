"""Prints all primes below a number, one a line."""

import sys

limit = int(sys.argv[1])
prime = bytearray([1]) * limit
prime[:2] = b"\0\0"
for number in range(2, int(limit**0.5) + 1):
    if prime[number]:
        prime[number * number :: number] = bytes(len(range(number * number, limit, number)))
print("\n".join(str(number) for number in range(limit) if prime[number]))

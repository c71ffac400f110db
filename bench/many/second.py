"""``python -m bench.many.second COMPANY RUN``: another worker's process on the same *invio massivo*, for `bulk`."""

from __future__ import annotations

import sys

import django


def main(company_id: int, run_id: int) -> None:
    """Say when everything is loaded, wait for a line, work until nothing is left, say how many documents it were."""
    django.setup()
    from bench.many.bulk import carry

    print("ready", flush=True)
    sys.stdin.readline()
    print(carry(company_id, run_id).documents, flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))

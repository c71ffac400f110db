#!/bin/sh
# Make the virtual environment $1 with the newest Python >= 3.11 at hand, or say in one line what is missing.
venv=$1
for candidate in "$PYTHON" python3.14 python3.13 python3.12 python3.11 python3 python; do
    [ -n "$candidate" ] || continue
    command -v "$candidate" >/dev/null 2>&1 || continue
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    if "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
        # Without its old packages: what an earlier Python left there cannot be used by this one.
        "$candidate" -m venv --clear "$venv" && exit 0
        echo "Non è stato possibile creare $venv: controllare lo spazio su disco e i diritti." >&2
        exit 1
    fi
    missing=$candidate
done
if [ -n "$missing" ]; then
    echo "A $missing manca il modulo venv: installarlo (Debian e Ubuntu: apt-get install python3-venv)." >&2
else
    echo "Serve Python 3.11 o successivo: installarlo, oppure indicarlo con make PYTHON=/percorso/python3." >&2
fi
exit 1

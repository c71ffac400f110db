import sys

from fattorino.cli.main import main

sys.exit(main())

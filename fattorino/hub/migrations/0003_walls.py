from django.db import migrations

from fattorino.organisations.rls import row_security


class Migration(migrations.Migration):
    dependencies = [("hub", "0002_initial"), ("organisations", "0002_walls")]
    operations = [
        row_security("hub_signingkey"),
        row_security("hub_channel"),
        row_security("hub_submission"),
        row_security("hub_transmission"),
        row_security("hub_message"),
    ]

from django.db import migrations

from fattorino.organisations.rls import append_only, row_security


class Migration(migrations.Migration):
    dependencies = [("workflow", "0001_initial")]
    operations = [
        migrations.RunSQL("create sequence workflow_change_seq;", "drop sequence workflow_change_seq;"),
        row_security("workflow_workflowversion"),
        row_security("workflow_document"),
        row_security("workflow_statechange"),
        row_security("workflow_pendingaction"),
        append_only("workflow_statechange"),
        append_only("workflow_workflowversion"),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("organisations", "0007_wall_once")]
    operations = [
        migrations.AddIndex(
            model_name="auditentry",
            index=models.Index(fields=["company", "-id"], name="audit_of_company"),
        ),
    ]

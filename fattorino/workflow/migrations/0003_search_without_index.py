from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("workflow", "0002_walls")]
    operations = [
        # Row-level security forbids LIKE as an index condition (it is not leakproof): the index only cost.
        migrations.RemoveIndex("document", "document_search"),
    ]

"""Results become files: tables, charts, a summary and a manifest, in one folder."""

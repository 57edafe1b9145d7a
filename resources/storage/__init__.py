"""The warehouse on disk: Parquet files and environment databases, their sidecars and the catalog of views."""

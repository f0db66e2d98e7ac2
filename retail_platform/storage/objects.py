"""Where objects that are no tables lie, as a fitted model: beside the tables, as Dagster's own IO managers store them.

Only the choice between folder and bucket belongs here; what people open is `documents`' business.
"""

import dagster as dg
from dagster import InitResourceContext

from retail_platform.storage import places, s3

PREFIX = "_objects"
"""The folder of a lake that holds what is no table."""


class ObjectIOManager(dg.ConfigurableIOManagerFactory[dg.IOManager]):
    """Pickles one object for each asset, or partition, below `_objects` of the lake.

    An asset asks for it by `io_manager_key="objects"`; whoever reads it needs nothing.
    """

    lake_uri: str

    def create_io_manager(self, context: InitResourceContext) -> dg.IOManager:
        """Dagster's file or S3 IO manager; the latter is imported only where it is used."""
        uri = f"{places.absolute(self.lake_uri)}/{PREFIX}"
        if not places.is_remote(uri):
            return dg.FilesystemIOManager(base_dir=uri).create_io_manager(context)
        from dagster_aws.s3.io_manager import PickledObjectS3IOManager

        bucket, _, prefix = uri.removeprefix("s3://").partition("/")
        return places.asked(uri, lambda: PickledObjectS3IOManager(bucket, s3.client(), prefix))

"""From the settings to a source: the simulator, a built-in mapping, or a mapping's folder.

Opening a source touches none of its files and asks nothing: it happens whenever the code location loads.
"""

from pathlib import Path

from retail_platform.settings import Settings, SettingsError
from retail_platform.sources.base import Source
from retail_platform.sources.mapping.files import NoFolder, open_folder
from retail_platform.sources.mapping.http.client import open_api
from retail_platform.sources.mapping.model import FILE_NAME, load_mapping, nearest
from retail_platform.sources.mapping.source import Mapping

SYSTEMS = Path(__file__).parent / "systems"
SIMULATOR = "simulator"


def open_source(settings: Settings) -> Source:
    """The source that the settings name.

    Raises:
        SettingsError: RETAIL_SOURCE names none, or RETAIL_SOURCE_DIR or RETAIL_SOURCE_URL is missing or no such place.
        SourceContractError: a mapping's `mapping.toml` is wrong.
    """
    if settings.source == SIMULATOR:
        from retail_platform.sources.simulator import Simulator

        return Simulator(seed=settings.seed, scale=settings.scale)
    folder = mapping_folder(settings.source)
    mapping = load_mapping(folder)
    return Mapping(
        folder,
        mapping,
        open_folder(settings.source_dir) if mapping.inputs else NoFolder(),
        open_api(settings.source_url, settings.source_token) if mapping.http else None,
    )


def mapping_folder(source: str) -> Path:
    """The folder of a mapping's name or path.

    Raises:
        SettingsError: there is none; suggests the nearest name.
    """
    names = [folder.parent.name for folder in SYSTEMS.glob(f"*/{FILE_NAME}")]
    if source in names:
        return SYSTEMS / source
    folder = Path(source).expanduser()
    if (folder / FILE_NAME).is_file():
        return folder
    known = ", ".join([SIMULATOR, *sorted(names)])
    reason = f"a folder without {FILE_NAME}" if folder.is_dir() else "no source"
    raise SettingsError(
        f"RETAIL_SOURCE is {source!r}, which is {reason}{nearest(source, [SIMULATOR, *names])} "
        f"Known are {known}, or the path of a folder that holds {FILE_NAME}"
    )


def built_in_mappings() -> list[tuple[str, str, Path]]:
    """Name, title and folder of each mapping that comes with the platform."""
    folders = sorted(path.parent for path in SYSTEMS.glob(f"*/{FILE_NAME}"))
    return [(folder.name, load_mapping(folder).title, folder) for folder in folders]

"""Settings, validated once at start and frozen from then on.

settings.py  every setting, its default and its meaning
source.py    the environment and the file they are read from
publicity.py what the provider says of itself
values.py    what each kind of value must look like
"""

from idp.config.publicity import Publicity
from idp.config.settings import Lifetimes, MutualTls, Settings, load_settings, without_credentials
from idp.config.source import SettingsError
from idp.config.values import address_of_file

__all__ = [
    "Lifetimes",
    "MutualTls",
    "Publicity",
    "Settings",
    "SettingsError",
    "address_of_file",
    "load_settings",
    "without_credentials",
]

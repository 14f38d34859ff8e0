"""Which names of environment variables belong to the hub, to the image or to the loader, so nobody may set them.

Workspaces start as root and become the person afterwards: a variable that a shell, the dynamic loader or an
interpreter obeys would act with root's rights in that first second.
"""

import re
from typing import Final

_RESERVED_NAMES: Final = frozenset(
    """
    AUTHENTICATE_VIA_JUPYTER BASHOPTS BASH_ENV CDPATH CPU_GUARANTEE CPU_LIMIT CUDA_DEVICE_ORDER
    CUDA_VISIBLE_DEVICES DOCKER_STACKS_JUPYTER_CMD ENV GCONV_PATH GEN_CERT GID GLIBC_TUNABLES GLOBIGNORE
    GRANT_SUDO HOME HOSTNAME IFS JUPYTER_ENV_VARS_TO_UNSET JUPYTER_RUNTIME_DIR LOCPATH LOGNAME MALLOC_TRACE
    MEM_GUARANTEE MEM_LIMIT NLSPATH NODE_OPTIONS NODE_PATH NOTEBOOK_ARGS PATH PERL5LIB PERL5OPT PROMPT_COMMAND
    PS4 PYTHONHOME PYTHONINSPECT PYTHONPATH PYTHONPLATLIBDIR PYTHONSTARTUP PYTHONUSERBASE RESTARTABLE RUBYLIB
    RUBYOPT SHARED_LINKS_ENABLED SHELL SHELLOPTS UID USER UV_PYTHON_INSTALL_DIR VNC_PW ZDOTDIR
    """.split()
)
_RESERVED_PREFIXES: Final = (
    "BASH_FUNC_",
    "CHOWN_",
    "CONFIGPROXY_",
    "JPY_",
    "JUPYTERHUB_",
    "LD_",
    "NB_",
    "NSS_WRAPPER_",
    "NVIDIA_",
    "SUDO_",
    "TINI_",
    "WORKSPACE_",
)
_JUPYTER_TOKEN: Final = re.compile(r"\AJUPYTER_.*TOKEN")


def reserved_environment_name(name: str) -> bool:
    """Tell if a variable's name is reserved, in whatever case it is written; ``*_PROXY`` is free."""
    upper = name.upper()
    return upper in _RESERVED_NAMES or upper.startswith(_RESERVED_PREFIXES) or _JUPYTER_TOKEN.match(upper) is not None

"""A kernel that answers every cell with one sentence: why the real one cannot run, and what to do.

A kernel that only ends shows "The kernel has died" and leaves its reason in a log that the person cannot see.
"""

import os
from typing import Any

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel


class ProblemKernel(Kernel):
    """Runs nothing; says `WORKSPACE_KERNEL_PROBLEM`."""

    implementation = "problem"
    implementation_version = "1"
    banner = os.environ.get("WORKSPACE_KERNEL_PROBLEM", "")
    language_info = {"name": "python", "mimetype": "text/x-python", "file_extension": ".py"}

    async def do_execute(self, code: str, silent: bool, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Answer with the problem."""
        content = {"ename": "EnvironmentProblem", "evalue": self.banner, "traceback": [self.banner]}
        if not silent:
            self.send_response(self.iopub_socket, "error", content)
        return {"status": "error", "execution_count": self.execution_count, **content}


if __name__ == "__main__":
    IPKernelApp.launch_instance(kernel_class=ProblemKernel)

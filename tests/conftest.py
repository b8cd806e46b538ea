"""What all tests share."""

import os

from hypothesis import HealthCheck, settings

# Several tests run at once, each with small matrices, for which the threads of BLAS only wait for each other. It reads
# this when numpy is first imported, here and in the programs that tests start.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

# The same examples every time, so that a change is what makes a test fail, and no clock. Others are looked for with
# --hypothesis-profile=default.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")

"""What all tests share."""

from hypothesis import HealthCheck, settings

# The same examples every time, so that a change is what makes a test fail, and no clock. Others are looked for with
# --hypothesis-profile=default.
settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("same")

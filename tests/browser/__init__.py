"""What people see and click, in Chromium, on a hub that `./hub up` brought up on a real Docker engine."""

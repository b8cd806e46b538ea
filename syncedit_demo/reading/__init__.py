"""Reading what users bring: in this process, or in processes of their own that are held to limits and can be ended."""

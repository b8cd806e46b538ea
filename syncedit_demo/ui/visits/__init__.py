"""What visitors brought and got, on disk and in the making."""

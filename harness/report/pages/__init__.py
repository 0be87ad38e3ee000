"""The pages: results as self-contained HTML files, which share one frame and one kind of plot."""

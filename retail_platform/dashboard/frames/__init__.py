"""What pages show, as frames: a chart or table and its download are made of the same one."""

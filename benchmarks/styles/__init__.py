"""What bench_styles.py asks of music: parts of a listener's judgement, each in its own file."""

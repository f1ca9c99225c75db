"""What an operator watches: metrics and alerts."""

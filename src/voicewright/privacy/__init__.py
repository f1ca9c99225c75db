"""What speakers agreed to; without their consent there is no voice."""

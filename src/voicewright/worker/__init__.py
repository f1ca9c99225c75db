"""Runs queued jobs on this machine: takes them, keeps them alive, recovers those of dead workers."""

"""What calls do, in one transaction each: who may, and with what effect. No HTTP, no SQL."""

"""The faults that services carry: one small file each, on the contract in `base`."""

//! A store without a disk.

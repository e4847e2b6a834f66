package s3

// SetParts makes objects go in parts that a test can afford.
func SetParts(v *Vault, single, part int64) { v.shelf.single, v.shelf.part = single, part }

package door

// CheckMetadata lets the fuzzer in.
func CheckMetadata(header string) { _ = checkMetadata(header) }

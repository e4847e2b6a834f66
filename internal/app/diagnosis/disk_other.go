//go:build !linux

package diagnosis

import "errors"

// Disk is the file system under a folder.
type Disk struct{}

// DiskOf knows nothing of other systems.
func DiskOf(string) (*Disk, error) { return nil, errors.ErrUnsupported }

func kernel() string { return "" }

//go:build !unix

package durable

import (
	"errors"
	"io"
)

// The product's servers run on Linux. These stand-ins let the verifier and the dock agent build elsewhere; a vault
// refuses to open there because it cannot take its lock.

func syncDir(string) error { return nil }

func syncAll(string) error { return nil }

func space(string) (Space, error) { return Space{}, errors.ErrUnsupported }

func lock(string) (io.Closer, error) { return nil, errors.ErrUnsupported }

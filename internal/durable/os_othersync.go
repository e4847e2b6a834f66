//go:build unix && !linux

package durable

import "golang.org/x/sys/unix"

func syncAll(name string) error { return syncFailure(name, unix.Sync()) }

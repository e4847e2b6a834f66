package media

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"zhilu.dev/zhilu/internal/fault"
)

// regular resolves a path to a regular file. It is asked before the file is opened: opening a pipe or a device can
// hang or change it.
func regular(path string) (string, fs.FileInfo, error) {
	real, err := filepath.EvalSymlinks(path)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	var info fs.FileInfo
	if err == nil {
		info, err = os.Stat(real)
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", nil, fault.Wrap(err, fault.NotFound, "media.file_missing", clean(path))
	case err != nil:
		return "", nil, fault.Wrap(err, fault.Forbidden, "media.file_closed", clean(path))
	case !info.Mode().IsRegular():
		return "", nil, fault.New(fault.Invalid, "media.not_a_file", clean(path))
	}
	return real, info, nil
}

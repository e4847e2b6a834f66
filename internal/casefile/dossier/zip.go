package dossier

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
)

// Zip writes a package that lies in a folder as one zip, the same names in it. Printed papers are compressed already.
func Zip(out io.Writer, folder string) (err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return fmt.Errorf("dossier: %w", err)
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	z := zip.NewWriter(out)
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		method := zip.Deflate
		if path.Ext(name) == ".pdf" {
			method = zip.Store
		}
		to, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: method})
		if err != nil {
			return err
		}
		from, err := root.Open(name)
		if err != nil {
			return err
		}
		_, err = io.Copy(to, from)
		return errors.Join(err, from.Close())
	})
	if err := errors.Join(err, z.Close()); err != nil {
		return fmt.Errorf("dossier: %w", err)
	}
	return nil
}

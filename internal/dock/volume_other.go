//go:build !linux

package dock

func volumeLabel(string) string { return "" }

func space(string) (free, total int64) { return 0, 0 }

func cardID(dir string) string { return dir }

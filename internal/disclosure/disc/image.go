package disc

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"zhilu.dev/zhilu/internal/disclosure/disc/optical"
)

// limitedSize is the longest file that ISO 9660 and Joliet can name in one piece. A longer one stands whole in UDF alone, and in
// Joliet as its beginning, which genisoimage cannot leave out there without leaving it out of UDF.
const limitedSize = 1<<32 - 2048

// image makes the image of the staged files: ISO 9660 level 3 with Rock Ridge, Joliet and UDF over the same bytes.
func (m *making) image(ctx context.Context) (string, error) {
	args := []string{
		"-quiet", "-input-charset", "utf-8", "-output-charset", "utf-8", "-iso-level", "3", "-r", // not -R, which keeps the modes of our private folder: whoever holds the disc may read it
		"-J", "-joliet-long", "-udf", "-no-bak", "-allow-limited-size",
		"-V", fmt.Sprintf("ZHILU_%d_%d", m.d.Year, m.d.Seq), "-A", "ZHILU " + string(m.d.ID),
	}
	for _, f := range m.st.files {
		if f.Size > limitedSize {
			args = append(args, "-hide", filepath.Base(f.Name)) // what Joliet hides, UDF does not show either
		}
	}
	name := filepath.Join(m.st.dir, "image.iso")
	out, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // in a folder of ours
	if err != nil {
		return "", m.st.cannot(err)
	}
	sum := sha256.New()
	w := &meter{ctx: ctx, w: io.MultiWriter(out, sum)}
	err = optical.Pack(ctx, m.s.c.Tool, m.st.tree(), args, w)
	if err = errors.Join(err, out.Close()); err != nil {
		return "", m.st.cannot(err)
	}
	m.d.ImageSHA256, m.d.ImageBytes = hex.EncodeToString(sum.Sum(nil)), w.n
	return name, nil
}

package door

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"zhilu.dev/zhilu/internal/fault"
)

// maxMetadata bounds the Upload-Metadata header in bytes.
const maxMetadata = 16 << 10

// checkMetadata holds the header to the protocol's form: pairs of a key and base64, keys not empty, without spaces,
// each once. tusd passes over what it cannot read; a sender should be told.
func checkMetadata(header string) error {
	bad := fault.New(fault.Invalid, "upload.metadata")
	if len(header) > maxMetadata {
		return bad
	}
	if strings.TrimSpace(header) == "" {
		return nil
	}
	seen := map[string]bool{}
	for pair := range strings.SplitSeq(header, ",") {
		key, value, _ := strings.Cut(strings.TrimSpace(pair), " ")
		if key == "" || seen[key] || strings.IndexFunc(key, func(r rune) bool { return r < 0x21 || r > 0x7e }) >= 0 {
			return bad
		}
		seen[key] = true
		if _, err := base64.StdEncoding.DecodeString(strings.TrimSpace(value)); err != nil {
			return bad
		}
	}
	return nil
}

// parseTime reads a file's time: RFC 3339, or milliseconds since 1970 as browsers give it. Anything else is no time.
func parseTime(v string) time.Time {
	if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
		return t.UTC()
	}
	if ms, err := strconv.ParseInt(v, 10, 64); err == nil && ms > 0 && ms < 1<<45 {
		return time.UnixMilli(ms).UTC()
	}
	return time.Time{}
}

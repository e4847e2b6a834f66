package door

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/ident"
	"zhilu.dev/zhilu/internal/recording"
	"zhilu.dev/zhilu/internal/vault"
)

// maxMetadata bounds the Upload-Metadata header in bytes.
const maxMetadata = 16 << 10

// metadataOf reads Upload-Metadata: pairs of a key and base64, keys not empty, without spaces, each once; a value may be
// left out. raw is the header as it was received, for HEAD.
func metadataOf(h http.Header) (raw string, values map[string]string, err error) {
	bad := fault.New(fault.Invalid, "upload.metadata")
	raw = strings.Join(h.Values(hMetadata), ",")
	if len(raw) > maxMetadata || !utf8.ValidString(raw) {
		return "", nil, bad
	}
	values = map[string]string{}
	if strings.TrimSpace(raw) == "" {
		return "", values, nil
	}
	for pair := range strings.SplitSeq(raw, ",") {
		key, coded, _ := strings.Cut(strings.Trim(pair, " \t"), " ")
		if _, twice := values[key]; twice || key == "" || strings.IndexFunc(key, notInKey) >= 0 {
			return "", nil, bad
		}
		v, err := base64.StdEncoding.DecodeString(coded)
		if err != nil {
			return "", nil, bad
		}
		values[key] = string(v)
	}
	return raw, values, nil
}

func notInKey(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }

// intentOf reads what the sender says of the file. All of it is hostile text.
func intentOf(meta map[string]string, size int64) (recording.Intent, error) {
	in := recording.Intent{Name: meta["filename"], RelPath: meta["path"], Size: size}
	if in.Name == "" {
		in.Name = meta["name"] // what other tus clients call it
	}
	if in.RelPath == "" {
		in.RelPath = meta["relativepath"]
	}
	if v := meta["mtime"]; v != "" {
		in.ModTime = parseTime(v)
	} else if v := meta["lastmodified"]; v != "" {
		in.ModTime = parseTime(v)
	}
	card := meta["card"]
	if card == "" {
		card = meta["cardid"]
	}
	if card != "" {
		id, err := ident.Parse[ident.CardID](card)
		if err != nil {
			return in, fault.New(fault.Invalid, "upload.card_malformed")
		}
		in.Card = id
	}
	if v := strings.ToLower(meta["sha256"]); v != "" {
		d, err := vault.ParseDigest(v)
		if err != nil {
			return in, fault.New(fault.Invalid, "upload.digest_malformed")
		}
		in.SHA256 = &d
	}
	return in, nil
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

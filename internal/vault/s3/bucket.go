package s3

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"

	"zhilu.dev/zhilu/internal/fault"
)

// DefaultRetain is how long an object is locked unless the URL says otherwise: three years. What must go earlier is
// made unreadable by its key (decision 18), so a long term harms nobody; a short one ends the protection.
const DefaultRetain = 3 * 365 * 24 * time.Hour

// Bounds of Bucket.Retain.
const (
	MinRetain = 24 * time.Hour
	MaxRetain = 100 * 365 * 24 * time.Hour
)

// Bucket says where objects lie.
type Bucket struct {
	Endpoint string // host, or host:port
	Secure   bool   // over TLS
	Region   string
	Name     string
	Prefix   string        // "" or a path without a slash at either end
	Retain   time.Duration // the term of the lock
	Path     bool          // the bucket's name stands in the path, not in the host's name
}

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixName = regexp.MustCompile(`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$`)
)

// ParseURL reads s3://BUCKET/PREFIX?endpoint=URL&region=NAME&retain=DAYS[&style=host]. Without an endpoint it is
// Amazon's of the region. Keys never stand in a URL, which is seen in logs and process lists; anything else in it is
// refused too: fault Invalid "vault.bucket_url".
func ParseURL(text string) (Bucket, error) {
	bad := func(err error) (Bucket, error) {
		return Bucket{}, fault.Wrap(err, fault.Invalid, "vault.bucket_url")
	}
	u, err := url.Parse(text)
	if err != nil {
		return bad(errors.New("it is no URL")) // url's own error shows the text
	}
	q := u.Query()
	for k, v := range q {
		switch k {
		case "endpoint", "region", "retain", "style":
		default:
			return bad(errors.New("unknown parameter " + strconv.Quote(k)))
		}
		if len(v) != 1 {
			return bad(errors.New("a parameter stands twice"))
		}
	}
	if u.Scheme != "s3" || u.User != nil || u.Fragment != "" {
		return bad(errors.New("it must be s3://BUCKET/PREFIX without keys"))
	}
	b := Bucket{
		Name: u.Host, Prefix: strings.Trim(u.Path, "/"), Region: q.Get("region"), Retain: DefaultRetain, Secure: true,
		Path: q.Get("style") != "host",
	}
	if b.Region == "" {
		b.Region = "us-east-1"
	}
	if e := q.Get("endpoint"); e != "" {
		eu, err := url.Parse(e)
		if err != nil || (eu.Scheme != "http" && eu.Scheme != "https") || eu.Host == "" || eu.User != nil || strings.Trim(eu.Path, "/") != "" {
			return bad(errors.New("endpoint must be http://HOST:PORT or https://HOST:PORT"))
		}
		b.Endpoint, b.Secure = eu.Host, eu.Scheme == "https"
	} else {
		b.Endpoint, b.Path = "s3."+b.Region+".amazonaws.com", false
	}
	if d := q.Get("retain"); d != "" {
		days, err := strconv.ParseInt(d, 10, 32)
		if err != nil {
			return bad(errors.New("retain is a number of days"))
		}
		b.Retain = time.Duration(days) * 24 * time.Hour
	}
	if err := b.check(); err != nil {
		return bad(err)
	}
	return b, nil
}

func (b Bucket) check() error {
	switch {
	case b.Endpoint == "":
		return errors.New("the endpoint is missing")
	case !bucketName.MatchString(b.Name):
		return errors.New("this is no bucket's name")
	case b.Prefix != "" && (!prefixName.MatchString(b.Prefix) || path.Clean(b.Prefix) != b.Prefix || strings.HasPrefix(b.Prefix, "..")):
		return errors.New("this is no prefix")
	case b.Retain < MinRetain || b.Retain > MaxRetain:
		return errors.New("retain must be 1 to 36500 days")
	}
	return nil
}

func (b Bucket) lookup() minio.BucketLookupType {
	if b.Path {
		return minio.BucketLookupPath
	}
	return minio.BucketLookupDNS
}

// Below is a place of its own inside this one.
func (b Bucket) Below(name string, retain time.Duration) Bucket {
	b.Prefix, b.Retain = b.key(name), retain
	return b
}

// String is the place without its settings.
func (b Bucket) String() string {
	s := "s3://" + b.Name
	if b.Prefix != "" {
		s += "/" + b.Prefix
	}
	return s
}

// key is the full name of something below the prefix.
func (b Bucket) key(name string) string {
	if b.Prefix == "" {
		return name
	}
	return b.Prefix + "/" + name
}

// below takes the prefix away.
func (b Bucket) below(key string) string {
	if b.Prefix == "" {
		return key
	}
	return strings.TrimPrefix(key, b.Prefix+"/")
}

// AccessKeys open the bucket. Zhilu's own need to read, list and put, and nothing else.
type AccessKeys struct {
	ID     string `json:"access_key"`
	Secret string `json:"secret_key"`
}

// String hides the secret from logs.
func (k AccessKeys) String() string { return "access key " + k.ID }

// GoString hides the secret from %#v.
func (k AccessKeys) GoString() string { return k.String() }

// KeyFile is the file with the access keys in the keys folder.
const KeyFile = "s3.json"

// LoadKeys reads the access keys: from the file {"access_key":…,"secret_key":…} if it is there, else from
// AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. Without either it is fault Unavailable "keys.missing".
func LoadKeys(file string, getenv func(string) string) (AccessKeys, error) {
	raw, err := os.ReadFile(file) //nolint:gosec // inside the keys folder the operator named
	if errors.Is(err, fs.ErrNotExist) {
		k := AccessKeys{ID: getenv("AWS_ACCESS_KEY_ID"), Secret: getenv("AWS_SECRET_ACCESS_KEY")}
		if k.ID == "" || k.Secret == "" {
			return AccessKeys{}, fault.Wrap(err, fault.Unavailable, "keys.missing", KeyFile)
		}
		return k, nil
	}
	if err != nil {
		return AccessKeys{}, fault.Wrap(err, fault.Unavailable, "keys.missing", KeyFile)
	}
	var k AccessKeys
	if json.Unmarshal(raw, &k) != nil || k.ID == "" || k.Secret == "" { // json's own error could show what stands there
		return AccessKeys{}, fault.New(fault.Invalid, "vault.access_keys", KeyFile)
	}
	return k, nil
}

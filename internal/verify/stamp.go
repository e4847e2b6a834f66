package verify

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"os"
	"path/filepath"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/digitorus/timestamp"

	"zhilu.dev/zhilu/internal/fault"
)

// ReadStamp reads a time stamp (TimeStampResp, DER) and the certificates of the authorities it may come from.
func ReadStamp(stamp, roots string) ([]byte, *x509.CertPool, error) {
	reply, err := readBounded(stamp, maxRecord)
	if err != nil {
		return nil, nil, err
	}
	if roots == "" {
		return reply, nil, nil
	}
	pem, err := os.ReadFile(filepath.Clean(roots))
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(pem) {
		return nil, nil, fault.Wrap(err, fault.Invalid, "verify.ca").At("tsa-ca")
	}
	return reply, pool, nil
}

// judgeStamp settles whether a time stamp is of this checkpoint, and when it was given. The signature lines of witnesses are
// not part of what was stamped.
func (r *Report) judgeStamp(msg []byte, o Options) {
	if len(o.Stamp) == 0 {
		return
	}
	at, code := stampedAt(o.Stamp, logPart(msg), o.StampRoots)
	switch {
	case code != "":
		r.Stamped.settle(No, code, "")
		return
	case o.StampRoots == nil:
		r.Stamped.settle(Unknown, "stamp.no_authority", "")
	default:
		r.Stamped.settle(Yes, "", "")
	}
	r.StampedAt = &at
}

// logPart is a checkpoint with the first of its signature lines, the log's.
func logPart(msg []byte) []byte {
	head, lines, ok := bytes.Cut(msg, []byte("\n\n"))
	if !ok {
		return msg
	}
	end := bytes.IndexByte(lines, '\n')
	return msg[:len(head)+2+end+1]
}

// tstInfo is what a time stamp signs (RFC 3161 §2.4.2), as an object identifier.
var tstInfo = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}

// stampedAt reads a time stamp of these bytes; code says what is wrong, "" if nothing.
func stampedAt(reply, note []byte, roots *x509.CertPool) (at time.Time, code string) {
	defer func() {
		if recover() != nil { // a parser that is not ours
			code = "stamp.form"
		}
	}()
	ts, err := timestamp.ParseResponse(reply)
	if err != nil || len(ts.Certificates) == 0 {
		return at, "stamp.form"
	}
	if sum := sha256.Sum256(note); ts.HashAlgorithm != crypto.SHA256 || !bytes.Equal(ts.HashedMessage, sum[:]) {
		return at, "stamp.other"
	}
	token, err := pkcs7.Parse(ts.RawToken)
	if err != nil {
		return at, "stamp.form"
	}
	var content asn1.ObjectIdentifier
	if token.UnmarshalSignedAttribute(pkcs7.OIDAttributeContentType, &content) != nil || !content.Equal(tstInfo) || token.GetOnlySigner() == nil {
		return at, "stamp.form"
	}
	if roots != nil {
		between := x509.NewCertPool()
		for _, c := range ts.Certificates {
			between.AddCert(c)
		}
		if token.VerifyWithOpts(x509.VerifyOptions{
			Roots: roots, Intermediates: between, CurrentTime: ts.Time, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping},
		}) != nil {
			return at, "stamp.signature"
		}
	}
	return ts.Time.UTC(), ""
}

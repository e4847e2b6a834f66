package s3

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"time"

	"github.com/minio/minio-go/v7"

	"zhilu.dev/zhilu/internal/fault"
	"zhilu.dev/zhilu/internal/vault"
	"zhilu.dev/zhilu/internal/vault/localdir"
)

const (
	singleSize = 128 << 20 // up to here an object goes in one request
	partSize   = 64 << 20  // above it, in parts of this size, or greater ones
	maxParts   = 10_000    // as S3 allows
)

const checksumHeader = "X-Amz-Checksum-Sha256"

// Put copies the finished file into the bucket. The file stays; the stage removes it.
func (s *shelf) Put(ctx context.Context, d vault.Digest, part string) (bool, error) {
	f, err := s.fsys.Open(part)
	if err != nil {
		return false, err
	}
	defer func() { _ = f.Close() }()
	return false, s.put(ctx, d, f)
}

// put brings stored bytes into the bucket and is not content before it has seen them there. fs.ErrExist if the place
// was taken, also by a put of ours whose answer was lost: the stage tells which by the sidecar.
func (s *shelf) put(ctx context.Context, d vault.Digest, f localdir.Stored) error {
	defer s.putting.lock(d)()
	size, err := f.Size()
	if err != nil {
		return err
	}
	info, sum, err := s.send(ctx, s.key(d), f, size)
	if err != nil {
		if _, lookErr := s.sealed(ctx, d); lookErr == nil {
			return fs.ErrExist
		}
		return told(err)
	}
	// Not what the answer says but what the bucket holds is what counts.
	first, err := s.sealed(ctx, d)
	if err != nil {
		return told(err)
	}
	if info.VersionID != "" && first != info.VersionID {
		return fs.ErrExist // this store let two of them through
	}
	return s.confirm(ctx, d, first, size, sum)
}

// confirm reads back what the bucket holds: length, checksum, lock.
func (s *shelf) confirm(ctx context.Context, d vault.Digest, version string, size int64, sum string) error {
	got, err := s.api.StatObject(ctx, s.where.Name, s.key(d), minio.StatObjectOptions{VersionID: version, Checksum: true})
	if err != nil {
		return told(err)
	}
	if got.Size != size || (got.ChecksumSHA256 != "" && got.ChecksumSHA256 != sum) {
		return s.wrong(d, vault.PartLength, "the bucket holds other bytes than were put: %d of %d, checksum %s of %s", got.Size, size, got.ChecksumSHA256, sum)
	}
	until, err := time.Parse(time.RFC3339, got.Metadata.Get("X-Amz-Object-Lock-Retain-Until-Date"))
	if err != nil || got.Metadata.Get("X-Amz-Object-Lock-Mode") != string(minio.Compliance) || until.Before(s.clock.Now().Add(s.where.Retain-time.Hour)) {
		return unprotected("an object was sealed without the lock asked for")
	}
	return nil
}

// renew lengthens the lock of an object that has lasted for half of its term.
func (s *shelf) renew(ctx context.Context, d vault.Digest) error {
	version, err := s.sealed(ctx, d)
	if err != nil {
		return told(err)
	}
	got, err := s.api.StatObject(ctx, s.where.Name, s.key(d), minio.StatObjectOptions{VersionID: version})
	if err != nil {
		return told(err)
	}
	now := s.clock.Now().UTC()
	until, err := time.Parse(time.RFC3339, got.Metadata.Get("X-Amz-Object-Lock-Retain-Until-Date"))
	if err == nil && got.Metadata.Get("X-Amz-Object-Lock-Mode") == string(minio.Compliance) && until.Sub(now) > s.where.Retain/2 {
		return nil
	}
	mode, later := minio.Compliance, now.Add(s.where.Retain)
	return told(s.api.PutObjectRetention(ctx, s.where.Name, s.key(d), minio.PutObjectRetentionOptions{
		Mode: &mode, RetainUntilDate: &later, VersionID: version,
	}))
}

func (s *shelf) options(sum string) minio.PutObjectOptions {
	opts := minio.PutObjectOptions{
		ContentType: "application/octet-stream", Mode: minio.Compliance, RetainUntilDate: s.clock.Now().Add(s.where.Retain).UTC(),
		DisableMultipart: true, UserMetadata: map[string]string{},
	}
	if sum != "" {
		opts.UserMetadata[checksumHeader] = sum
		opts.SetMatchETagExcept("*")
	}
	return opts
}

// send puts the bytes, and gives the checksum that the store must have of them: SHA-256, or for parts the SHA-256 of
// their SHA-256s. The store refuses what does not arrive with it.
func (s *shelf) send(ctx context.Context, key string, f io.ReaderAt, size int64) (minio.UploadInfo, string, error) {
	if size > s.single {
		return s.sendParts(ctx, key, f, size)
	}
	sum, err := sumOf(f, 0, size)
	if err != nil {
		return minio.UploadInfo{}, "", err
	}
	text := base64.StdEncoding.EncodeToString(sum)
	info, err := s.api.PutObject(ctx, s.where.Name, key, io.NewSectionReader(f, 0, size), size, "", hex.EncodeToString(sum), s.options(text))
	return info, text, err
}

func (s *shelf) sendParts(ctx context.Context, key string, f io.ReaderAt, size int64) (info minio.UploadInfo, text string, err error) {
	start := s.options("")
	start.UserMetadata["X-Amz-Checksum-Algorithm"] = "SHA256"
	id, err := s.api.NewMultipartUpload(ctx, s.where.Name, key, start)
	if err != nil {
		return info, "", err
	}
	defer func() {
		if err == nil {
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		_ = s.api.AbortMultipartUpload(ctx, s.where.Name, key, id) // else check clears it away after seven days
	}()
	each := max(s.part, (size+maxParts-1)/maxParts)
	all := sha256.New()
	var parts []minio.CompletePart
	for off := int64(0); off < size; off += each {
		n := min(each, size-off)
		sum, err := sumOf(f, off, n)
		if err != nil {
			return info, "", err
		}
		_, _ = all.Write(sum) // never fails
		text := base64.StdEncoding.EncodeToString(sum)
		p, err := s.api.PutObjectPart(ctx, s.where.Name, key, id, len(parts)+1, io.NewSectionReader(f, off, n), n, minio.PutObjectPartOptions{
			Sha256Hex: hex.EncodeToString(sum), CustomHeader: http.Header{checksumHeader: {text}},
		})
		if err != nil {
			return info, "", err
		}
		parts = append(parts, minio.CompletePart{PartNumber: p.PartNumber, ETag: p.ETag, ChecksumSHA256: text})
	}
	var end minio.PutObjectOptions
	end.SetMatchETagExcept("*")
	info, err = s.api.CompleteMultipartUpload(ctx, s.where.Name, key, id, parts, end)
	return info, fmt.Sprintf("%s-%d", base64.StdEncoding.EncodeToString(all.Sum(nil)), len(parts)), err
}

func sumOf(f io.ReaderAt, off, n int64) ([]byte, error) {
	h := sha256.New()
	if got, err := io.Copy(h, io.NewSectionReader(f, off, n)); err != nil {
		return nil, err
	} else if got != n {
		return nil, io.ErrUnexpectedEOF
	}
	return h.Sum(nil), nil
}

// adopt puts bytes as another vault holds them.
func (s *shelf) adopt(ctx context.Context, d vault.Digest, from localdir.Stored) error {
	err := s.put(ctx, d, from)
	if !errors.Is(err, fs.ErrExist) {
		return err
	}
	size, err := from.Size()
	if err != nil {
		return err
	}
	there, err := s.Open(ctx, d)
	if err != nil {
		return told(err)
	}
	defer func() { _ = there.Close() }()
	if got, err := there.Size(); err != nil || got != size {
		return errors.Join(err, s.wrong(d, vault.PartLength, "the bucket holds another object under this name"))
	}
	return nil
}

// Settle has nothing to do: an S3 store answers when an object is durable.
func (s *shelf) Settle(context.Context, vault.Digest) error { return nil }

func (s *shelf) key(d vault.Digest) string { return s.where.key(localdir.ObjectName(d)) }

// Name is the object's place as an operator writes it.
func (s *shelf) Name(d vault.Digest) string { return "s3://" + s.where.Name + "/" + s.key(d) }

func (s *shelf) wrong(d vault.Digest, part vault.Part, format string, args ...any) error {
	return (&vault.Damage{Digest: d, Path: s.Name(d), Part: part, Chunk: -1, Detail: fmt.Sprintf(format, args...)}).Fault()
}

func unprotected(why string) error {
	return fault.Wrap(errors.New("s3: "+why), fault.Unavailable, "vault.unprotected")
}

// told turns what the store or the network said into what the contract promises.
func told(err error) error {
	if err == nil || errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist) || errors.Is(err, context.Canceled) {
		return err
	}
	if _, ok := errors.AsType[*fault.Error](err); ok {
		return err
	}
	said, ok := errors.AsType[minio.ErrorResponse](err)
	switch {
	case !ok:
		return fault.Wrap(err, fault.Unavailable, "vault.store_unreachable")
	case said.Code == minio.NoSuchKey || said.Code == "NoSuchVersion" || said.Code == "NotFound":
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	case said.Code == minio.PreconditionFailed || said.StatusCode == http.StatusPreconditionFailed:
		return fmt.Errorf("%w: %w", fs.ErrExist, err)
	case said.StatusCode >= http.StatusInternalServerError || said.StatusCode == http.StatusTooManyRequests:
		return fault.Wrap(err, fault.Unavailable, "vault.store_unreachable")
	default:
		return fault.Wrap(err, fault.Unavailable, "vault.store_refused", said.Code)
	}
}

// The certificates of one cluster: an authority, what the API server shows,
// and what its clients show.  Only the authority and the key that signs
// service account tokens outlive a restart; the rest is issued anew each time.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// A certificate and its key, both PEM.
type identity struct{ cert, key []byte }

const lifetime = 10 * 365 * 24 * time.Hour

func pemBlock(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// The key in path, made when it is not there yet.
func loadKey(path string) (*ecdsa.PrivateKey, error) {
	text, err := os.ReadFile(path)
	if err == nil {
		block, _ := pem.Decode(text)
		if block == nil {
			return nil, fmt.Errorf("%s holds no key", path)
		}
		return x509.ParseECPrivateKey(block.Bytes)
	}
	if !os.IsNotExist(err) {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	text, err = keyPEM(key)
	if err != nil {
		return nil, err
	}
	return key, writeWhole(path, text)
}

func keyPEM(key *ecdsa.PrivateKey) ([]byte, error) {
	der, err := x509.MarshalECPrivateKey(key)
	return pemBlock("EC PRIVATE KEY", der), err
}

// The authority in folder.  Its certificate is a function of its key in all
// that a verifier compares, so that it can be written again at every start.
func loadAuthority(folder string) (*authority, error) {
	key, err := loadKey(filepath.Join(folder, "ca.key"))
	if err != nil {
		return nil, err
	}
	self := &x509.Certificate{
		Subject:               pkix.Name{CommonName: "kube-ca"},
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
	}
	ca := &authority{cert: self, key: key}
	der, err := ca.sign(self, &key.PublicKey)
	if err != nil {
		return nil, err
	}
	if ca.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, err
	}
	return ca, writeWhole(filepath.Join(folder, "ca.crt"), ca.pem())
}

func (ca *authority) pem() []byte { return pemBlock("CERTIFICATE", ca.cert.Raw) }

func (ca *authority) sign(c *x509.Certificate, public *ecdsa.PublicKey) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	c.SerialNumber = serial
	c.NotBefore = time.Now().Add(-time.Hour) // clocks of containers step back
	c.NotAfter = time.Now().Add(lifetime)
	return x509.CreateCertificate(rand.Reader, c, ca.cert, public, ca.key)
}

func (ca *authority) issue(c *x509.Certificate) (*identity, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	c.KeyUsage = x509.KeyUsageDigitalSignature
	der, err := ca.sign(c, &key.PublicKey)
	if err != nil {
		return nil, err
	}
	text, err := keyPEM(key)
	return &identity{cert: pemBlock("CERTIFICATE", der), key: text}, err
}

// A client whose name and groups Kubernetes reads from the subject.
func (ca *authority) client(user string, groups ...string) (*identity, error) {
	return ca.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: user, Organization: groups},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
}

func (ca *authority) server() (*identity, error) {
	return ca.issue(&x509.Certificate{
		Subject:     pkix.Name{CommonName: "kube-apiserver"},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    []string{"localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback, net.IPv4(10, 96, 0, 1)},
	})
}

// Readers find the old text or the new one, and never part of it.
func writeWhole(path string, text []byte) error {
	if err := os.WriteFile(path+".tmp", text, 0o600); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

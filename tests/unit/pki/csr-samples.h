/* SPDX-License-Identifier: Apache-2.0 */
/* Requests made by openssl 3.0 (`openssl req -new`) and by Go 1.26 (x509.CreateCertificateRequest). */
#include "base/err.h"

static const struct {
  const char *what, *key;
  bool has_cn, has_dns;
  int verify; /* what dc_csr_verify says */
  const char *pem;
} samples[] = {
    {"openssl, Ed25519", "Ed25519", false, false, 0,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MH8wMwIBADAAMCowBQYDK2VwAyEAoT/cJSea9maZ7GXY3ftQeNUS9a9pqkzC75Oe\n"
     "794lI4SgADAFBgMrZXADQQBQLCb6x5XIMSyhlz0yhlAkA/IOMlITU4086FYzNqRS\n"
     "o7nFnknjAIpVxTl4OsvgHmBE010CYPBz4/LvvSrqSHsC\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"openssl, P-256 with CN and DNS", "EC P-256", true, true, 0,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIHtMIGVAgEAMBAxDjAMBgNVBAMMBW15YXBwMFkwEwYHKoZIzj0CAQYIKoZIzj0D\n"
     "AQcDQgAEWIMjGDOsBPjfdEmnWFUitysy+0+Id12ZB8VNz9xnokYdUC8wRLqjD1ox\n"
     "RZqreprFlVpEnDkEqwvV7s7LjAXfC6AjMCEGCSqGSIb3DQEJDjEUMBIwEAYDVR0R\n"
     "BAkwB4IFbXlhcHAwCgYIKoZIzj0EAwIDRwAwRAIgDtHSvHGJah+e+IU4QULtFNoR\n"
     "c0kQJTLxh7n0W3KknFICIF21zcr61mVVdPFHhifCZC/Lb8UUDL3LEh22u0Je//zJ\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"openssl, P-256 with no names", "EC P-256", false, false, 0,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIG5MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFiDIxgzrAT433RJ\n"
     "p1hVIrcrMvtPiHddmQfFTc/cZ6JGHVAvMES6ow9aMUWaq3qaxZVaRJw5BKsL1e7O\n"
     "y4wF3wugADAKBggqhkjOPQQDAgNHADBEAiAZgERi2DsDstLbaQ7e/Ymr66B2yxcl\n"
     "ddTIjwaBVfK8IgIgb5H8wCHlwWk7RT/OMv/E++/8zpPM+TdxzNBxsGxRkUs=\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"openssl, P-384", "EC P-384", false, false, 0,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIH2MH8CAQAwADB2MBAGByqGSM49AgEGBSuBBAAiA2IABI3Msw4491q+dJnF0ctA\n"
     "xUOqAgWszTjmCor22nzo9p0EkLO4LFDaIlyItQ85ot/3D5cbY2yqkexkQTIy5vRU\n"
     "dx0ZLlHLZ60FfFGN950b2voVgCt0FgM/UuyQ9l0bcnfipqAAMAoGCCqGSM49BAMD\n"
     "A2cAMGQCMA4PPzM3ug+m7t5RT8om9OTtqoABsbj24cXVUWtchiRDK4R1zGYC9DrO\n"
     "dzn1xf8feQIwA/UxAOgtEMaAp3aMnzNpDio7GJzxOmyjDgoVw0fmrCtrrT2wxYcO\n"
     "MNk0WX1eHF9c\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"openssl, P-521", "EC P-521", false, false, 0,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIIBQjCBpQIBADAAMIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQAWNzSs1BRTPx8\n"
     "8FU+2I4SIpfRcmy+dv8BgWXBjWuawk2rpOBzF9tSfV1eYyD3sSR9NqzcDErhaXNa\n"
     "gTNUVIozN24BdwVfvk3vcWAYWyoDLlklVe4hOvLp4A/Wzq5cv5QLvmAMvczPUkFn\n"
     "oJpeX4qcgthyfAJjqBsGzJZsKhNCRh2rSqygADAKBggqhkjOPQQDBAOBiwAwgYcC\n"
     "QVEQ+vZC5LzEM4Ab0Hvoau4+6Hvon2iq2GmTwyCYsGoqrW6KpmyX5DrIeWV2W7N0\n"
     "yjJAfSig9g7NSZCWo6fi7j/6AkIAzytGEP3h9YrldYFtlzb7k6lH/U6NkTG8AJqh\n"
     "7+wu4uuVsT27oR/HbWkMFffGwqsozMx6IPvzj99vTAcx0w4Ubpg=\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"openssl, RSA 2048 with names, as Dapr's operator", "RSA 2048", true, true, 0,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIICkzCCAXsCAQAwGDEWMBQGA1UEAwwNZGFwci1vcGVyYXRvcjCCASIwDQYJKoZI\n"
     "hvcNAQEBBQADggEPADCCAQoCggEBAKbm9tXXtLrEuL/oy3n1GqIX1izPIlUxfq/F\n"
     "k/BT6SJLWRJ9pRZZU3d07JUC4sf9rWNolgjiCdo4EAnZA2JVSgMam43OZhJDGzXJ\n"
     "BiVqSt3eTurGmsFzzNg04oiii7qA0kkn588ipwdpnt9jgeutkHoC7eeuzaBSDe0D\n"
     "OiujDClXsCDLZnk3+aNao/N/QC2KsNEhO/QlHEbsyjhZOl5EHphHM49S12YxabRa\n"
     "/PK2Cz+/QKArz2+fQdkvHb+p7mMFj4uYiUVPyB1qutbS0a9xOtDxvq6JlKxQ9K4L\n"
     "DA2Zaeud1QSfsbFK6iF9ChDItkl5wm+LR9I8fxZaqW3I2P4OZE0CAwEAAaA2MDQG\n"
     "CSqGSIb3DQEJDjEnMCUwIwYDVR0RBBwwGoIYZGFwci13ZWJob29rLmRlZmF1bHQu\n"
     "c3ZjMA0GCSqGSIb3DQEBCwUAA4IBAQBWLn9YOYtPGzTcS/lzMqaov7PgQdxFlYs3\n"
     "j/nr11ZEG0knQ+XrC/B3AteiPHuEGsWRf7bKCmujbyFacBJnzhF3C14QquEmoyO3\n"
     "go/oawKHUOr+fMacSAaW9Y4QI0Jo28NI+4JUWbxggVJB0SYGd4ybPLaC6tNeC6/c\n"
     "XbAg5qVejKR7Ezd1jTHfQLCHWSscmV4Rf3bWCwU9JUmugb8Ns1rR7KI2w6DFdlbA\n"
     "HBL4SmLr5H63M2j1ot35JbI8vq8jfGM9GUFK2wS1mhCjkWUKw5Jir1mlDfPQpidJ\n"
     "9pkbgtkVAwD5JeS49WpFF12cY91TtL1j/1SDXrK+BrHQvVlKbhK8\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"openssl, RSA-PSS", "RSA 2048", false, false, 0,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIICeTCCAS0CAQAwADCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAKbm\n"
     "9tXXtLrEuL/oy3n1GqIX1izPIlUxfq/Fk/BT6SJLWRJ9pRZZU3d07JUC4sf9rWNo\n"
     "lgjiCdo4EAnZA2JVSgMam43OZhJDGzXJBiVqSt3eTurGmsFzzNg04oiii7qA0kkn\n"
     "588ipwdpnt9jgeutkHoC7eeuzaBSDe0DOiujDClXsCDLZnk3+aNao/N/QC2KsNEh\n"
     "O/QlHEbsyjhZOl5EHphHM49S12YxabRa/PK2Cz+/QKArz2+fQdkvHb+p7mMFj4uY\n"
     "iUVPyB1qutbS0a9xOtDxvq6JlKxQ9K4LDA2Zaeud1QSfsbFK6iF9ChDItkl5wm+L\n"
     "R9I8fxZaqW3I2P4OZE0CAwEAAaAAMEEGCSqGSIb3DQEBCjA0oA8wDQYJYIZIAWUD\n"
     "BAIBBQChHDAaBgkqhkiG9w0BAQgwDQYJYIZIAWUDBAIBBQCiAwIBIAOCAQEAnWjs\n"
     "70yn+JHv1AMsBroXLVSJtxNZC0vF708xE1qutvZkGktslreRlfssi7FboPWT2dTu\n"
     "YqpYv7A+3PrlNPYyeiz+HmURKWsHNhVU0rNaQ1gcRz18YCdNxNCluVwB5Qie+rB3\n"
     "UovE1hQoi3CAciav6ZlyO+vVh4Fp7UgaNRT6bFZGR/FIcsFhrPLrfj+zFKZX/Dpa\n"
     "iHYTawhjTfxtc3fURrDOLYFL7cCkDZT4BxW4vstRvUMZXmCGYgB0Wtle47M9GVy/\n"
     "6AExLIRNwpR8DfSODOg9kUEKYvbNAfB2QhCY0Fckng7i38Gwa/b47rMy4BXRtHWQ\n"
     "BNKPFjQznLpPD1rrQQ==\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"openssl, RSA-PSS with a salt that Go refuses", "RSA 2048", false, false, DC_EUNSUPPORTED,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIICdDCCAS0CAQAwADCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAKbm\n"
     "9tXXtLrEuL/oy3n1GqIX1izPIlUxfq/Fk/BT6SJLWRJ9pRZZU3d07JUC4sf9rWNo\n"
     "lgjiCdo4EAnZA2JVSgMam43OZhJDGzXJBiVqSt3eTurGmsFzzNg04oiii7qA0kkn\n"
     "588ipwdpnt9jgeutkHoC7eeuzaBSDe0DOiujDClXsCDLZnk3+aNao/N/QC2KsNEh\n"
     "O/QlHEbsyjhZOl5EHphHM49S12YxabRa/PK2Cz+/QKArz2+fQdkvHb+p7mMFj4uY\n"
     "iUVPyB1qutbS0a9xOtDxvq6JlKxQ9K4LDA2Zaeud1QSfsbFK6iF9ChDItkl5wm+L\n"
     "R9I8fxZaqW3I2P4OZE0CAwEAAaAAMDwGCSqGSIb3DQEBCjAvoA8wDQYJYIZIAWUD\n"
     "BAIBBQChHDAaBgkqhkiG9w0BAQgwDQYJYIZIAWUDBAIBBQADggEBACYPIriXvqAG\n"
     "GNFMtWUp80nb4Nm4rDhAzo7mWOsdux2yZ8uXq8KbIhJNuTD2AL054LoCzl4o9+7d\n"
     "m3VZFB0ynKANZP43BpXfdUzlvAWOKz8BcjS/lweyqxNRkWbyTnhwRNHHmS+6wzqK\n"
     "dKmMwlPJ53p9RXzpibXMoNOHq5FzAZS0I7CyoJpjjRccSd1OilTCgPm0hfXBW2dI\n"
     "koIQjIxZWPXDrsM+q3GPDQZeeZPpSAABwyb1gHnFQ+MrSEYojL06Uc/vclu3IxtH\n"
     "zIPx/YD+Dpmo6x+17IGFrmMHQPpTXCusXcPzLoXryO1+0tVFmTSJyRv0OX3eRAYP\n"
     "O3VHev4Gedk=\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"openssl, ECDSA with SHA-1", "EC P-256", false, false, 0,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIG6MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFiDIxgzrAT433RJ\n"
     "p1hVIrcrMvtPiHddmQfFTc/cZ6JGHVAvMES6ow9aMUWaq3qaxZVaRJw5BKsL1e7O\n"
     "y4wF3wugADAJBgcqhkjOPQQBA0kAMEYCIQCiZ0n9/q4cXcTxRZGnZRVcndF/ibQc\n"
     "NVe8qVGpissQpAIhAMx+7r3OmN2hmZaLIAJXKgqJf+v3U7Xj1z5wfQZ5YAHV\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"openssl, RSA with SHA-1", "RSA 2048", false, false, 0,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIICRTCCAS0CAQAwADCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAKbm\n"
     "9tXXtLrEuL/oy3n1GqIX1izPIlUxfq/Fk/BT6SJLWRJ9pRZZU3d07JUC4sf9rWNo\n"
     "lgjiCdo4EAnZA2JVSgMam43OZhJDGzXJBiVqSt3eTurGmsFzzNg04oiii7qA0kkn\n"
     "588ipwdpnt9jgeutkHoC7eeuzaBSDe0DOiujDClXsCDLZnk3+aNao/N/QC2KsNEh\n"
     "O/QlHEbsyjhZOl5EHphHM49S12YxabRa/PK2Cz+/QKArz2+fQdkvHb+p7mMFj4uY\n"
     "iUVPyB1qutbS0a9xOtDxvq6JlKxQ9K4LDA2Zaeud1QSfsbFK6iF9ChDItkl5wm+L\n"
     "R9I8fxZaqW3I2P4OZE0CAwEAAaAAMA0GCSqGSIb3DQEBBQUAA4IBAQCeNDrvhhmv\n"
     "C1AB+Wd/FBjIq1tJnSieoAOYPffyBEerjAeyMUwcTHxCcQ0d990zO2o30a6CZisE\n"
     "QfgBTmBuw5meNb2t331rhDe8Ch8dNuuf2p7fMKpnHXCmG2ohifLf6l7WHZ9ME53P\n"
     "Am0aR9FkALkd+YwxerIB6Eguw1wKss/rQT24qkfTaqn/xngg/Bf53/jXdfLoU0XI\n"
     "KqbsOxsFJ/kb5uxShQrEUr+/ngPZg9Rew4wr3QdL2xZRkU0JM0Ap4KJnmRlC1Z+3\n"
     "aimN2qqhM4aDrlvhH7Y30Qp1ZKiZQdy1jACLCWAO0kCPmRUqkAMSa8k96b5a7H9g\n"
     "Swz7iEHnkg4a\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"openssl, RSA with MD5", "RSA 2048", false, false, DC_EUNSUPPORTED,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIICRTCCAS0CAQAwADCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBAKbm\n"
     "9tXXtLrEuL/oy3n1GqIX1izPIlUxfq/Fk/BT6SJLWRJ9pRZZU3d07JUC4sf9rWNo\n"
     "lgjiCdo4EAnZA2JVSgMam43OZhJDGzXJBiVqSt3eTurGmsFzzNg04oiii7qA0kkn\n"
     "588ipwdpnt9jgeutkHoC7eeuzaBSDe0DOiujDClXsCDLZnk3+aNao/N/QC2KsNEh\n"
     "O/QlHEbsyjhZOl5EHphHM49S12YxabRa/PK2Cz+/QKArz2+fQdkvHb+p7mMFj4uY\n"
     "iUVPyB1qutbS0a9xOtDxvq6JlKxQ9K4LDA2Zaeud1QSfsbFK6iF9ChDItkl5wm+L\n"
     "R9I8fxZaqW3I2P4OZE0CAwEAAaAAMA0GCSqGSIb3DQEBBAUAA4IBAQBnr1EEzpZc\n"
     "+uYELAWid4C2IiKcuBkTSX6rtr+eBHxFWQoYUg+tVB9EayLY7TxOrOrLwIbFXfZ3\n"
     "ABJZM6UzDYEPSzrbaZ4Sw36iwfxaABjPHXpxHZJWpEJs4zoF83+9yEkCf/GJKNFV\n"
     "WZ9Mz4hXtPfnYmaMXO2mvMZIxXl+qpfCU62V9bNJVmZyvO9o2YxMnBl8Nrsod3/M\n"
     "Lxl9gihUg4J12Z5bJ9gkMkJVSGwZWlsWsf6pQzFOsN59OzTrjhLADMkUMrFAoQFf\n"
     "dP4IjEAzq1UzXlZvBVcXf+/SIoWMAATOxU2WVlm9NF95jQj9UOYgCB562IlefV+G\n"
     "h/B7KrRCIepP\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"openssl, ECDSA with SHA-3", "EC P-256", false, false, DC_EUNSUPPORTED,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIG6MGICAQAwADBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABFiDIxgzrAT433RJ\n"
     "p1hVIrcrMvtPiHddmQfFTc/cZ6JGHVAvMES6ow9aMUWaq3qaxZVaRJw5BKsL1e7O\n"
     "y4wF3wugADALBglghkgBZQMEAwoDRwAwRAIgNrp3D0yIvcvQzBX/jTxG9pwvzccd\n"
     "g/WbT6K548zZ1TMCIEMqUwRs3njHFHVPuO07kA9dF7dfJNMdBxV9QEOO4SWz\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"openssl, RSA 1024", "RSA 1024", false, false, DC_EWEAK,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIIBPzCBqQIBADAAMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCkK5hKH9/7\n"
     "+HyF0CeHWx0C9eVbTVt3nJbRH7idSxCarwxd/yGsnO/VI5WpjxuWaO2cnYcjO8mc\n"
     "YLBU88/4NSca6I5UBNBwzdkBALZ6w3juMK/fKVPfztbOTtrIC6iqKWfZpV62MIY2\n"
     "kDOb9foFRAH7WZ2Fg6+8ZNDX6J4Hiwos2QIDAQABoAAwDQYJKoZIhvcNAQELBQAD\n"
     "gYEAI8oaEoGutR9LoF7XTP4dA/WE/nI85Mqam0k/r6Hn393vucCX34pxpjomI1DJ\n"
     "agv2Uwi2gRAvaKr6uRz0awXb5Myf4fgXzz5/IXoVMRQi0x2hjjsxTr+MpZ01VeC5\n"
     "SA9xYBrte6DAyouO/E7mdgIyZBkQyfLzORXRPD1gzaOx/iY=\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"openssl, P-224", "unknown", false, false, DC_EWEAK,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIGnMFcCAQAwADBOMBAGByqGSM49AgEGBSuBBAAhAzoABP/QT+f9FBuPOMdUyouf\n"
     "mMM+Q54+n+I5KdbNM7VPJmMHKkuctpxBbcWx/JUBPrJ+pocykEfUtGKNoAAwCgYI\n"
     "KoZIzj0EAwIDQAAwPQIdAMosIDfockaj/VbA0IxAv10+vzVghHABLdwDAeECHALT\n"
     "/iS7nlVy/i9kqjXEixcmENnmgDvOLHdQmXY=\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"openssl, secp256k1", "unknown", false, false, DC_EWEAK,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIG4MF8CAQAwADBWMBAGByqGSM49AgEGBSuBBAAKA0IABG11tJyrXqA2rU7cvvu7\n"
     "JIMZRs9lBchJzNOFG9CPjUHstpEhGxnpjirWLg2F/QvlVbe1/ayuJwVbybPO7hN0\n"
     "RyWgADAKBggqhkjOPQQDAgNJADBGAiEAnrg6NqeUbsieCIANQyiXGDeGTznqSK70\n"
     "By41VFkRKskCIQCJvpbDySVURhqzPK3F3CsZHH5BpzUTn/6MwnKQWULQGA==\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"openssl, Ed448", "unknown", false, false, DC_EWEAK,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIHKMEwCAQAwADBDMAUGAytlcQM6AG3ENQyAjMIXN9UNqYGsRYbJ3heRLGH4aZCd\n"
     "CxzUahxrIrWniu2XOFdXeOlmIXsKOteS76D2VR3MgKAAMAUGAytlcQNzAHbqHEhk\n"
     "jJ5e5/VTbEnn0Lqmrzxg/Slo86VQA9R7otOLODHGbflWBExQgmA+pWDbY1eMGon2\n"
     "E3mQgIhtiV+uVBAKZA67maUOAc64yP7dtb9ojhkof8SQ2/2nlCwMByS7ugoj6mCr\n"
     "gCxD4YqeqAdfiTMuAA==\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"Go, as daprd up to 1.11 labels it", "EC P-256", true, true, 0,
     "-----BEGIN CERTIFICATE-----\n"
     "MIHuMIGVAgEAMBAxDjAMBgNVBAMTBW15YXBwMFkwEwYHKoZIzj0CAQYIKoZIzj0D\n"
     "AQcDQgAEFdOZpyTzeMe8nTe4n/xOTj00QUKdYxm6Fnxas+npsiiWwmqtzsOUFemM\n"
     "pkLvQfTKf5XqQHpPmB5GRtkHUJCSu6AjMCEGCSqGSIb3DQEJDjEUMBIwEAYDVR0R\n"
     "BAkwB4IFbXlhcHAwCgYIKoZIzj0EAwIDSAAwRQIgcfJ4e80/zTdnhKCFFG+FBoGY\n"
     "n7cp2LzXxmzpR6/ojFYCIQC5xTO+KdqXCIpI+Cn/UqSOWD+24ZuEukd6YxJzPJgZ\n"
     "ow==\n"
     "-----END CERTIFICATE-----\n"},
    {"Go, as daprd 1.18 has it", "Ed25519", false, false, 0,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MH8wMwIBADAAMCowBQYDK2VwAyEAb9orQytEvrrNet+PA/G5cSJq8x8JUyrYJxpO\n"
     "xGU+kRigADAFBgMrZXADQQD20nQahHAQ9GwRHa5mj8sXMCfvKUbzYlaihWTl6QaQ\n"
     "Q3mzRRpyoHCa44XtZ7w3/43K97TD1equTobsCJEFVsAH\n"
     "-----END CERTIFICATE REQUEST-----\n"},
    {"Go, Ed25519 with CN and DNS", "Ed25519", true, true, 0,
     "-----BEGIN CERTIFICATE REQUEST-----\n"
     "MIGyMGYCAQAwEDEOMAwGA1UEAxMFbXlhcHAwKjAFBgMrZXADIQBv2itDK0S+us16\n"
     "348D8blxImrzHwlTKtgnGk7EZT6RGKAjMCEGCSqGSIb3DQEJDjEUMBIwEAYDVR0R\n"
     "BAkwB4IFbXlhcHAwBQYDK2VwA0EApYixrwp8gZxsmcMHEgRsUOEnZzAA5im9EMK1\n"
     "8XiUBMiUJaL6k7LH8yH4Hw7ket/WfIsUhDs9tH68eO8LWd7CDA==\n"
     "-----END CERTIFICATE REQUEST-----\n"},
};

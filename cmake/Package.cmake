# cmake --install and CPack's .deb.
